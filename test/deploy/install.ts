/** `node test/deploy/install.ts`: installs what checks the manifests, as the first test that needs it would. For .ci/run. */
import { composeSpecification } from './compose-specification.ts';
import { installKubernetesSchema } from './kubernetes-schema.ts';

await composeSpecification();
console.log(`kubernetes-validate is installed: ${await installKubernetesSchema()}`);
